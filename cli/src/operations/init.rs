//! A first `s3guard.toml`: each setting with what it means.
//!
//! A line of prose begins with `# `; a setting that is commented out with `#` alone, so that one character enables it.

pub(crate) mod interview;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use s3guard_posture::{KeyArn, Region};

use crate::args::init::InitArgs;

/// The file with these settings; refused if they do not go together.
pub(crate) fn text(settings: &InitArgs) -> Result<String, String> {
    let InitArgs { named, guarded, grade, keys, email, trail, protect } = settings;
    let keyed: BTreeMap<&Region, &KeyArn> = keys.iter().map(|key| (key.region(), key)).collect();
    if keyed.len() < keys.len() {
        return Err("there are two keys of one Region".to_owned());
    }
    if grade.needs_key() {
        if let Some(region) = guarded.iter().find(|region| !keyed.contains_key(region)) {
            return Err(format!("grade `{grade}` needs a KMS key in `{region}`"));
        } else if keyed.is_empty() {
            return Err(format!("grade `{grade}` needs a KMS key"));
        }
    }
    let mut keys = String::new();
    for (region, key) in keyed {
        let _ = writeln!(keys, "{region} = {}", quoted(key));
    }
    if keys.is_empty() {
        keys.push_str(
            "#eu-west-1 = \"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"\n",
        );
    }
    let regions = match guarded.iter().map(quoted).collect::<Vec<_>>().join(", ") {
        regions if regions.is_empty() => "#regions = [\"eu-west-1\", \"us-east-1\"]".to_owned(),
        regions => format!("regions = [{regions}]"),
    };
    let owner = match email.as_str() {
        "" => "#[[subscription]]\n#name = \"owner\"\n#email = \"you@example.com\"".to_owned(),
        email => format!("[[subscription]]\nname = \"owner\"\nemail = {}", quoted(email)),
    };
    Ok(include_str!("init/template.toml")
        .replace("@grade@", &quoted(grade))
        .replace("@keys@\n", &keys)
        .replace("@owner@", &owner)
        .replace("@stack@", &quoted(named))
        .replace("@regions@", &regions)
        .replace("@trail@", &quoted(trail.name()))
        .replace("@protect@", &protect.to_string()))
}

/// A text as TOML has it: a basic string is escaped as in JSON.
fn quoted(text: &(impl ToString + ?Sized)) -> String {
    serde_json::Value::from(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::Parser as _;

    use super::*;
    use crate::config_file;

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn settings(flags: &[&str]) -> InitArgs {
        #[derive(clap::Parser)]
        struct Init {
            #[command(flatten)]
            settings: InitArgs,
        }
        Init::try_parse_from([&["init"], flags].concat()).unwrap().settings
    }

    fn of(flags: &[&str]) -> Result<String, String> {
        text(&settings(flags))
    }

    fn full() -> String {
        let flags = "--stack guard --region eu-west-1 --grade hybrid --email you@example.com --trail create";
        let flags: Vec<&str> = flags.split(' ').chain(["--protect", "--key", KEY]).collect();
        of(&flags).unwrap()
    }

    #[test]
    fn what_is_given_is_what_the_commands_read() {
        let config = config_file::check("s3guard.toml", &full()).unwrap();
        let deploy = config.deploy();
        assert_eq!(deploy.stack.as_ref().unwrap().to_string(), "guard");
        assert_eq!(deploy.regions.len(), 1);
        assert_eq!(deploy.trail.unwrap().name(), "create");
        assert_eq!(deploy.protect, Some(true));
        assert_eq!(config.grade().unwrap().name(), "hybrid");
        assert_eq!(config.keys().count(), 1);
        let subscriptions = config.subscriptions();
        assert_eq!(subscriptions[0].endpoint().address(), "you@example.com");
        // An address without filters gets everything.
        assert_eq!(subscriptions[0].policy(), serde_json::json!({}));
        let config = config_file::check("s3guard.toml", &of(&[]).unwrap()).unwrap();
        assert!(config.subscriptions().is_empty());
        assert_eq!(config.deploy().regions.len(), 0);
    }

    #[test]
    fn what_is_commented_out_is_right_as_soon_as_it_is_enabled() {
        for text in [of(&[]).unwrap(), full()] {
            assert!(!text.contains('@') || text.contains("@example.com"), "{text}");
            let on: Vec<&str> = text
                .lines()
                .map(|line| match line.strip_prefix('#') {
                    Some(setting) if !setting.is_empty() && !setting.starts_with([' ', ':']) => {
                        setting
                    }
                    Some(_) | None => line,
                })
                .collect();
            assert_ne!(on.join("\n"), text.trim_end());
            config_file::check("s3guard.toml", &on.join("\n")).unwrap();
        }
    }

    #[test]
    fn every_table_and_setting_of_the_top_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let schema = fs::read_to_string(root.join("schemas/s3guard.schema.json")).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        let text = of(&[]).unwrap();
        assert!(text.starts_with("#:schema ./s3guard.schema.json\n"), "{text}");
        for name in schema["properties"].as_object().unwrap().keys() {
            let is_there = [format!("{name} = "), format!("[{name}]"), format!("[[{name}]]")]
                .iter()
                .any(|part| text.contains(part));
            assert!(is_there, "`{name}` is not explained");
        }
    }

    #[test]
    fn a_grade_that_needs_a_key_has_one_in_each_region_and_no_region_has_two() {
        let secure = ["--grade", "security"];
        let with_key = [&secure[..], &["--key", KEY]].concat();
        let regions = [&with_key[..], &["--region", "eu-west-1,us-east-1"]].concat();
        assert_eq!(of(&secure), Err("grade `security` needs a KMS key".to_owned()));
        assert!(of(&with_key).is_ok());
        assert_eq!(of(&regions), Err("grade `security` needs a KMS key in `us-east-1`".to_owned()));
        let twice = format!("{KEY},{KEY}");
        assert_eq!(of(&["--key", &twice]), Err("there are two keys of one Region".to_owned()));
    }

    #[test]
    fn the_trail_that_is_written_is_the_one_that_a_new_stack_gets_by_default() {
        let template = s3guard_synth::stacks::guard();
        let declared = template.parameters().find(|(id, _)| id.as_str() == "TrailMode");
        let default = declared.and_then(|(_, parameter)| parameter.default);
        assert_eq!(default, Some(settings(&[]).trail.name()));
    }
}
