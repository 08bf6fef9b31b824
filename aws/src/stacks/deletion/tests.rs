use super::*;
use crate::fake::{Fake, wrapped_error};

const ID: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/guard/1";

fn stacks(fake: &Fake) -> Stacks {
    Stacks::new(&fake.connection())
}

fn answer(call: &str, inside: &str) -> (u16, String) {
    (200, format!("<{call}Response><{call}Result>{inside}</{call}Result></{call}Response>"))
}

#[tokio::test]
async fn a_deletion_says_how_it_is_meant_and_never_two_ways_at_once() {
    for (way, said) in [
        (Way::Plain, ""),
        (Way::Force, "&DeletionMode=FORCE_DELETE_STACK"),
        (
            Way::Retain(vec!["A".to_owned(), "B".to_owned()]),
            "&RetainResources.member.1=A&RetainResources.member.2=B",
        ),
    ] {
        let fake = Fake::answering([answer("DeleteStack", "")]);
        let role_arn = Some("arn:aws:iam::111122223333:role/r".to_owned());
        let deletion = Deletion { token: "t".to_owned(), role_arn, way };
        stacks(&fake).delete_as(ID, &deletion).await.unwrap();
        let body = &fake.asked()[0].body;
        assert!(body.contains("ClientRequestToken=t") && body.contains("role%2Fr"), "{body}");
        for other in ["&DeletionMode=", "&RetainResources."] {
            assert_eq!(body.contains(other), said.starts_with(other), "{body}");
        }
        assert!(body.contains(said), "{body}");
    }
}

#[tokio::test]
async fn protection_is_switched_both_ways_and_a_refusal_names_the_stack() {
    let fake = Fake::answering([
        answer("UpdateTerminationProtection", ""),
        wrapped_error(403, "AccessDenied"),
    ]);
    stacks(&fake).protect(ID, false).await.unwrap();
    let error = stacks(&fake).protect(ID, true).await.unwrap_err();
    assert!(error.to_string().contains("UpdateTerminationProtection on stack `guard`"), "{error}");
    let bodies: Vec<_> = fake.asked().into_iter().map(|asked| asked.body).collect();
    assert!(bodies[0].contains("EnableTerminationProtection=false"), "{bodies:?}");
    assert!(bodies[1].contains("EnableTerminationProtection=true"), "{bodies:?}");
}

#[tokio::test]
async fn what_a_stack_is_made_of_is_listed_with_what_is_gone_and_why_something_is_not() {
    let resource = |id: &str, kind: &str, status: &str, reason: &str| {
        format!(
            "<member><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>p-{id}</PhysicalResourceId>\
             <ResourceType>{kind}</ResourceType><ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
        )
    };
    let full = "Resource handler returned message: \"The bucket you tried to delete is not empty (Service: S3, \
                Status Code: 409, Request ID: X)\"";
    let page = |resources: &[String], next: &str| {
        answer(
            "ListStackResources",
            &format!(
                "<StackResourceSummaries>{}</StackResourceSummaries>{next}",
                resources.concat()
            ),
        )
    };
    let fake = Fake::answering([
        page(
            &[
                resource("Gone", "AWS::SQS::Queue", "DELETE_COMPLETE", ""),
                resource("Full", "AWS::S3::Bucket", "DELETE_FAILED", full),
            ],
            "<NextToken>n</NextToken>",
        ),
        page(
            &[
                resource("Other", "AWS::S3::Bucket", "DELETE_FAILED", "Access denied"),
                resource("Kept", "AWS::S3::Bucket", "DELETE_SKIPPED", ""),
            ],
            "",
        ),
    ]);
    let members = stacks(&fake).resources(ID).await.unwrap();
    let said: Vec<_> = members
        .iter()
        .map(|member| {
            (
                member.physical_id.as_str(),
                member.is_gone(),
                member.could_not_go(),
                member.is_full_bucket(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("p-Gone", true, false, false),
            ("p-Full", false, true, true),
            ("p-Other", false, true, false),
            ("p-Kept", false, false, false),
        ]
    );
}

#[tokio::test]
async fn all_stacks_are_read_page_by_page_and_have_names() {
    let stack = |name: &str| {
        format!(
            "<Stacks><member><StackId>arn:aws:cloudformation:eu-west-1:1:stack/{name}/1</StackId>\
             <StackName>{name}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
             <StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>"
        )
    };
    let fake = Fake::answering([
        answer("DescribeStacks", &format!("{}<NextToken>n</NextToken>", stack("a"))),
        answer("DescribeStacks", &stack("b")),
    ]);
    let all = stacks(&fake).all().await.unwrap();
    assert_eq!(all.iter().map(Stack::name).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn what_waits_to_be_carried_out_counts_as_used() {
    let fake = Fake::answering([
        answer(
            "ListChangeSets",
            "<Summaries><member><ChangeSetId>set</ChangeSetId></member></Summaries>",
        ),
        answer(
            "DescribeChangeSet",
            "<Parameters><member><ParameterKey>CodeKey</ParameterKey><ParameterValue>k</ParameterValue></member>\
             </Parameters>",
        ),
    ]);
    let waiting = stacks(&fake).waiting_parameters(ID).await.unwrap();
    assert_eq!(waiting, [BTreeMap::from([("CodeKey".to_owned(), "k".to_owned())])]);
}
