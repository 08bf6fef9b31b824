//! Our own buckets, judged as everybody's are.

use s3guard_posture::{Aspect, Baseline, BucketId, Finding, Grade, Mode, Observed, assess};

use crate::{
    cfn::{LogicalId, Template},
    stacks::{bucket::Purpose, evidence, key, observed, parameters, trail},
};

/// What the guard sees of a bucket of the stack.
fn seen(purpose: Purpose) -> Observed {
    let mut template = Template::new("a test");
    let parameters = parameters::add(&mut template);
    let ids = key::Ids { key: LogicalId::new("Key"), alias: LogicalId::new("Alias") };
    let key = key::add(&mut template, &ids, &trail::arn());
    let logs = template.add(LogicalId::new("Logs"), evidence::logs(&parameters));
    let bucket = match purpose {
        Purpose::Ledger => evidence::ledger(&parameters, key, logs),
        Purpose::Logs => evidence::logs(&parameters),
        Purpose::Trail => trail::files(&parameters, key, logs),
    };
    let handle = template.add(LogicalId::new("Bucket"), bucket.clone());
    let policy = match purpose {
        Purpose::Ledger => evidence::ledger_policy(handle),
        Purpose::Logs => evidence::logs_policy(handle),
        Purpose::Trail => trail::files_policy(handle),
    };
    let id = BucketId {
        name: "s3guard-own-111122223333-eu-west-1-an".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    observed(&bucket, &policy, id)
}

/// What is found in it, where these are left alone.
fn findings(purpose: Purpose, grade: Grade, off: &[Aspect]) -> Vec<Finding> {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let mut baseline = Baseline::new(grade, Some(key.parse().unwrap()));
    baseline.log_bucket = Some("s3guard-logs-111122223333-eu-west-1-an".parse().unwrap());
    // Of these it is told when a call touches them, and only then: most buckets never had them.
    let touched = [Aspect::Replication, Aspect::ObjectLock];
    for aspect in touched.iter().chain(off) {
        baseline.set_mode(*aspect, Mode::Off);
    }
    assess(&seen(purpose), &baseline)
}

/// What has to be left alone of our own buckets, at any grade.
fn left_alone(purpose: Purpose) -> &'static [Aspect] {
    match purpose {
        // S3's log service writes only to buckets with SSE-S3, and logs of the logs would have no end.
        Purpose::Logs => &[Aspect::Notifications, Aspect::Encryption, Aspect::AccessLogs],
        Purpose::Ledger | Purpose::Trail => &[Aspect::Notifications],
    }
}

#[test]
fn our_own_buckets_are_as_we_want_everybodys() {
    for purpose in Purpose::ALL {
        for grade in Grade::ALL {
            let mut off = left_alone(purpose).to_vec();
            if grade == Grade::Security {
                // One layer with the stack's key: DSSE has no bucket keys, and a call to KMS for each record.
                off.push(Aspect::Encryption);
            }
            let findings = findings(purpose, grade, &off);
            assert!(findings.is_empty(), "{purpose:?} {grade}: {findings:?}");
        }
    }
}

#[test]
fn nothing_is_left_alone_for_no_reason() {
    for purpose in Purpose::ALL {
        let found: Vec<Aspect> =
            findings(purpose, Grade::Security, &[]).iter().map(Finding::aspect).collect();
        let mut off = left_alone(purpose).to_vec();
        off.push(Aspect::Encryption);
        assert!(off.iter().all(|aspect| found.contains(aspect)), "{purpose:?}: {found:?}");
    }
}

#[test]
fn every_aspect_of_our_own_buckets_is_seen() {
    for purpose in Purpose::ALL {
        let seen = seen(purpose);
        for grade in Grade::ALL {
            let baseline = Baseline::new(grade, None);
            let open: Vec<_> = s3guard_posture::questions(&seen, &baseline);
            // The ledger's answer is asked for where something is weak; nothing of the bucket is.
            assert!(open.iter().all(|question| !question.is_of_bucket()), "{purpose:?}: {open:?}");
        }
    }
}
