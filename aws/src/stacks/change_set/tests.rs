use crate::fake::Fake;
use crate::stacks::Stacks;

use super::*;

fn set() -> ChangeSet {
    ChangeSet { id: "set".to_owned(), stack_id: "arn:aws:cloudformation:::stack/s/1".to_owned() }
}

fn answer(call: &str, result: &str) -> (u16, String) {
    (200, format!("<{call}Response><{call}Result>{result}</{call}Result></{call}Response>"))
}

/// The parameters of the request that depend on the manner.
async fn asked(manner: Manner) -> Vec<String> {
    let fake = Fake::answering([answer("CreateChangeSet", "<Id>set</Id><StackId>s</StackId>")]);
    let request = ChangeSetRequest {
        stack: "s".parse().unwrap(),
        name: "n".to_owned(),
        kind: ChangeSetKind::Create,
        template_url: "https://code.example/t.json".to_owned(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        manner,
    };
    Stacks::new(&fake.connection()).create_change_set(&request).await.unwrap();
    let body = fake.asked()[0].body.clone();
    let known = ["RoleARN", "OnStackFailure", "Deployment", "ImportExisting"];
    let pairs = body.split('&').filter(|pair| known.iter().any(|name| pair.starts_with(name)));
    pairs.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_manner_is_said_when_the_change_set_is_made_and_nothing_that_shuts_out_another() {
    let on_failure = |on_failure| Manner { on_failure, ..Manner::default() };
    let nothing = ["ImportExistingResources=false"];
    assert_eq!(asked(on_failure(OnFailure::Rollback)).await, nothing);
    assert_eq!(asked(on_failure(OnFailure::Keep)).await, nothing);
    assert_eq!(
        asked(on_failure(OnFailure::Delete)).await,
        ["OnStackFailure=DELETE", "ImportExistingResources=false"]
    );
    let express =
        |on_failure| Manner { on_failure, is_express: true, imports: true, ..Manner::default() };
    for (failure, disable) in [(OnFailure::Rollback, "false"), (OnFailure::Keep, "true")] {
        assert_eq!(
            asked(express(failure)).await,
            [
                "ImportExistingResources=true",
                "DeploymentConfig.Mode=EXPRESS",
                &format!("DeploymentConfig.DisableRollback={disable}"),
            ]
        );
    }
    let drift = Manner { reverts_drift: true, role: Some("arn:r".to_owned()), ..Manner::default() };
    assert_eq!(
        asked(drift).await,
        ["RoleARN=arn%3Ar", "ImportExistingResources=false", "DeploymentMode=REVERT_DRIFT"]
    );
}

#[tokio::test]
async fn what_becomes_of_a_failure_is_said_once() {
    for (says, on_failure, said) in [
        (false, OnFailure::Rollback, Some("DisableRollback=false")),
        (false, OnFailure::Keep, Some("DisableRollback=true")),
        (true, OnFailure::Delete, None),
    ] {
        let fake = Fake::answering([answer("ExecuteChangeSet", "")]);
        let ready = Ready { changes: Vec::new(), says_on_failure: says, ..Ready::default() };
        let stacks = Stacks::new(&fake.connection());
        stacks.execute(&set(), &ready, on_failure, "t").await.unwrap();
        let body = fake.asked()[0].body.clone();
        assert_eq!(body.split('&').find(|pair| pair.starts_with("DisableRollback")), said);
    }
}

#[tokio::test]
async fn a_change_is_read_with_what_of_it_changes() {
    let detail = |target: &str| format!("<member><Target>{target}</Target></member>");
    let details = [
        detail(
            "<Attribute>Properties</Attribute><Name>Code</Name><Path>/Properties/Code/S3Key</Path><AfterValue>b.zip</AfterValue>",
        ),
        detail(
            "<Attribute>Properties</Attribute><Name>Code</Name><Path>/Properties/Code/S3Key</Path><BeforeValue>a.zip</BeforeValue>",
        ),
        detail("<Attribute>Properties</Attribute><Name>Timeout</Name>"),
        detail("<Attribute>Tags</Attribute>"),
    ];
    let change = format!(
        "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><PolicyAction>ReplaceAndRetain</PolicyAction>\
         <LogicalResourceId>F</LogicalResourceId><PhysicalResourceId>f-1</PhysicalResourceId>\
         <ResourceType>AWS::Lambda::Function</ResourceType><Replacement>True</Replacement><Details>{}</Details>\
         </ResourceChange></member>",
        details.concat()
    );
    let fake = Fake::answering([answer(
        "DescribeChangeSet",
        &format!(
            "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes>{change}</Changes>\
                  <OnStackFailure>DELETE</OnStackFailure>"
        ),
    )]);
    let state = Stacks::new(&fake.connection()).change_set(&set()).await.unwrap();
    let property = |path: &str, before: Option<&str>, after: Option<&str>| {
        let value = |value: Option<&str>| value.map(str::to_owned);
        PropertyChange { path: path.to_owned(), before: value(before), after: value(after) }
    };
    let change = Change {
        action: ResourceAction::Replaced,
        logical_id: "F".to_owned(),
        physical_id: Some("f-1".to_owned()),
        resource_type: "AWS::Lambda::Function".to_owned(),
        policy: Some("ReplaceAndRetain".to_owned()),
        properties: vec![
            property("Code.S3Key", Some("a.zip"), Some("b.zip")),
            property("Timeout", None, None),
            property("Tags", None, None),
        ],
    };
    let ready = Ready { changes: vec![change], says_on_failure: true, ..Ready::default() };
    assert_eq!(state, ChangeSetState::Ready(ready));
    assert!(fake.asked()[0].body.contains("IncludePropertyValues=true"));
}

/// A description of CloudFormation, with or without a reason and a changed resource.
fn description(reason: Option<&str>, resources: &[(&str, &str)]) -> (u16, String) {
    let reason =
        reason.map_or_else(String::new, |text| format!("<StatusReason>{text}</StatusReason>"));
    let change = |(id, details): &(&str, &str)| {
        format!(
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>{id}</LogicalResourceId>\
             <ResourceType>AWS::IAM::ManagedPolicy</ResourceType><Replacement>False</Replacement>\
             <Details>{details}</Details></ResourceChange></member>"
        )
    };
    let changes: String = resources.iter().map(change).collect();
    answer(
        "DescribeChangeSet",
        &format!(
            "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>{reason}<Changes>{changes}</Changes>"
        ),
    )
}

#[tokio::test]
async fn a_resource_that_is_left_out_with_values_is_asked_for_without() {
    let warning = "[WARN] --include-property-values option can return incomplete ChangeSet data because: ChangeSet \
                   creation failed for resource [Dashboard] because: property value is not valid JSON";
    let valued = "<member><Target><Attribute>Properties</Attribute><Name>A</Name><AfterValue>1</AfterValue></Target></member>";
    let plain = "<member><Target><Attribute>Properties</Attribute><Name>A</Name></Target></member>";
    let fake = Fake::answering([
        description(Some(warning), &[("Key", valued)]),
        description(None, &[("Policy", ""), ("Key", plain)]),
    ]);
    let state = Stacks::new(&fake.connection()).change_set(&set()).await.unwrap();
    let ChangeSetState::Ready(ready) = state else { panic!("{state:?}") };
    let ids: Vec<_> = ready.changes.iter().map(|change| change.logical_id.as_str()).collect();
    assert_eq!(ids, ["Policy", "Key"]);
    assert_eq!(ready.changes[1].properties[0].after.as_deref(), Some("1"), "values are kept");
    assert_eq!(ready.without_values.as_deref(), Some(warning));
    let asked = fake.asked();
    assert!(asked[0].body.contains("IncludePropertyValues=true"), "{}", asked[0].body);
    assert!(asked[1].body.contains("IncludePropertyValues=false"), "{}", asked[1].body);
}

#[tokio::test]
async fn a_description_without_a_warning_is_asked_for_once() {
    let fake = Fake::answering([description(None, &[("Key", "")])]);
    let state = Stacks::new(&fake.connection()).change_set(&set()).await.unwrap();
    let ChangeSetState::Ready(ready) = state else { panic!("{state:?}") };
    assert_eq!((ready.changes.len(), ready.without_values), (1, None));
}

#[tokio::test]
async fn a_failure_whose_reason_is_left_out_with_values_is_asked_for_without() {
    let failed =
        |reason: &str| answer("DescribeChangeSet", &format!("<Status>FAILED</Status>{reason}"));
    let nothing = "<StatusReason>The submitted information didn't contain changes. Submit different information to create \
                   a change set.</StatusReason>";
    let fake = Fake::answering([failed(""), failed(nothing)]);
    let state = Stacks::new(&fake.connection()).change_set(&set()).await.unwrap();
    assert_eq!(state, ChangeSetState::Empty);
}

#[test]
fn a_change_set_that_is_used_up_or_overtaken_cannot_be_carried_out() {
    let read = |execution: &str| {
        ChangeSetState::read(Some("CREATE_COMPLETE"), None, Some(execution), Ready::default())
    };
    assert_eq!(read("AVAILABLE"), ChangeSetState::Ready(Ready::default()));
    for (execution, words) in [
        ("OBSOLETE", "has changed since"),
        ("EXECUTE_COMPLETE", "carried out already"),
        ("EXECUTE_IN_PROGRESS", "being carried out"),
        ("NEW", "says `NEW`"),
    ] {
        let ChangeSetState::Failed(reason) = read(execution) else { panic!("{execution}") };
        assert!(reason.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn a_stack_without_a_template_has_none_and_a_refusal_is_one() {
    let refused = |code: &str| {
        let error =
            format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error>");
        (400, format!("<ErrorResponse>{error}</ErrorResponse>"))
    };
    let fake = Fake::answering([
        answer("GetTemplate", "<TemplateBody>{}</TemplateBody>"),
        refused("ValidationError"),
        refused("AccessDenied"),
    ]);
    let stacks = Stacks::new(&fake.connection());
    assert_eq!(stacks.template("s", None).await, Ok(Some("{}".to_owned())));
    assert_eq!(stacks.template("s", None).await, Ok(None));
    assert!(stacks.template("s", None).await.unwrap_err().is_denied());
}
