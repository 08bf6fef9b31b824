//! One deployment to several Regions: no Region starts before all are ready, and one failure does not stop the others.

use super::*;

#[test]
fn no_region_starts_before_all_are_ready() {
    let regions = |first: usize| {
        let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
        Aws::answering(story, move |request, before| {
            (request.call == "DescribeChangeSet" && before == first).then(|| {
                let reason = "<Status>FAILED</Status><StatusReason>no such thing</StatusReason>";
                answered("DescribeChangeSet", reason)
            })
        })
    };
    let both = ["deploy", "--no-sweep", "--region", "us-east-1", "--output", "json"];
    let aws = regions(usize::MAX);
    let ended = run(&aws, &both);
    assert_eq!(ended.exit, Some(0), "{}", ended.words);
    let json = ended.json("deploy");
    let names: Vec<_> =
        json["regions"].as_array().unwrap().iter().map(|one| &one["region"]).collect();
    assert_eq!(names, ["us-east-1", "eu-west-1"]);
    assert!(ended.words.contains("us-east-1  stack `s` created"), "{}", ended.words);
    // A trail records every Region: the first stack creates one, the second none.
    let asked = aws.made("CreateChangeSet");
    let existing = asked.iter().filter(|one| one.body.contains("ParameterValue=existing")).count();
    assert_eq!((asked.len(), existing), (2, 1), "{asked:?}");
    let sentence = "eu-west-1  the guard uses the trail of the stack in `us-east-1`";
    assert!(ended.words.contains(sentence), "{}", ended.words);
    let aws = regions(1);
    let ended = run(&aws, &both);
    assert_eq!((ended.exit, aws.count("ExecuteChangeSet")), (Some(1), 0), "{}", ended.words);
    assert!(ended.words.contains("1 of 2 Regions cannot be deployed to"), "{}", ended.words);
    let error = ended.json("error")["error"]["message"].take();
    assert!(error.as_str().unwrap().starts_with("1 of 2 Regions cannot be deployed to"), "{error}");
    assert_eq!(aws.count("DeleteChangeSet"), 2, "that of the other Region, too");
}

#[test]
fn a_failed_region_does_not_stop_the_others_and_is_shown_with_the_next_command() {
    let story = Story { after: "CREATE_COMPLETE", queue_is_open: true, ..Story::default() };
    let aws = Aws::answering(story, |request, before| {
        let is_second = request.call == "ExecuteChangeSet" && before == 1;
        is_second.then(|| refusal(403, "AccessDenied", "not you"))
    });
    let ended = run(&aws, &["deploy", "--no-sweep", "--region", "us-east-1", "--output", "json"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.words);
    let json = ended.json("deploy");
    assert_eq!(json["regions"].as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!(json["failed"][0]["error"]["exitCode"], 1, "{json}");
    let failed = json["failed"][0]["region"].as_str().unwrap();
    assert!(ended.words.contains(&format!("1 of 2 Regions failed: {failed}")), "{}", ended.words);
    let command = format!("`s3guard deploy --stack s --region {failed}`");
    assert!(ended.words.contains(&command), "{}", ended.words);
}
