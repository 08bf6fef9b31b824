//! A replayed event as people read it.

use std::fmt;

use s3guard_posture::Setting;
use s3guard_posture::text::shown;
use serde_json::Value as Json;

use crate::operations::replay::replayed::{
    Channel, Head, Heard, Look, Outcome, Replayed, Task, Told,
};

/// The most of a setting that is shown: a policy has at most 20 KiB.
const SETTING_CHARACTERS_MAX: usize = 24 * 1024;
const WORDS_CHARACTERS_MAX: usize = 1000;

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}  {}", self.number, self.head)?;
        if !self.place.is_empty() {
            write!(f, "  ({})", shown(&self.place, 300))?;
        }
        writeln!(f)?;
        match &self.heard {
            Heard::Matches { rule } => line(f, "rule", &format!("matches {rule}"))?,
            Heard::DoesNotMatch { rule, because } => {
                line(f, "rule", &format!("{rule} does not match: {because}"))?;
            }
            Heard::NotDelivered { because } => line(f, "rule", &format!("none: {because}"))?,
            Heard::InQueue => line(f, "rule", "none: it is in the queue already")?,
            Heard::Never => {}
        }
        if let Some(seconds) = self.settles_seconds {
            line(f, "waits", &format!("{seconds} s, for whoever is setting the bucket up"))?;
        }
        match self.task {
            Some(Task::Sweep) => line(f, "sweeps", "the Region's buckets are listed")?,
            Some(Task::LookAtAccount) => line(f, "looks", "at the account's public access block")?,
            Some(Task::Look | Task::Tell | Task::TellOfObject | Task::Nothing) | None => {}
        }
        for assumed in &self.assumed {
            line(f, "assumed", assumed)?;
        }
        for look in &self.looks {
            look.fmt(f)?;
        }
        if let Some(told) = &self.says {
            told.fmt(f)?;
        }
        let (outcome, because) = match &self.outcome {
            Outcome::Done => return Ok(()),
            Outcome::Ignored { because } => ("ignored", because),
            Outcome::DeadLetter { because } => ("dead letter", because),
            Outcome::NoEvent { because } => ("no event", because),
        };
        writeln!(f, "  {outcome}: {}", shown(because, WORDS_CHARACTERS_MAX))
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, bucket, region: _, time, principal, tool } = self;
        f.write_str(&shown(name.as_deref().unwrap_or("?"), 80))?;
        for part in [bucket, time].into_iter().flatten() {
            write!(f, "  {}", shown(part, 300))?;
        }
        if let Some(principal) = principal {
            write!(f, "  by {}", shown(principal, 300))?;
        }
        if let Some(tool) = tool {
            write!(f, " with {tool}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = format!("{} ({}), at {}", self.grade, self.grade_because, self.time);
        line(f, "grade", &grade)?;
        for round in &self.reads {
            line(f, "reads", &round.join(", "))?;
        }
        for found in &self.finds {
            line(f, "finds", &found.words)?;
        }
        if self.finds.is_empty() {
            line(f, "finds", "nothing: it is as it should be")?;
        }
        for called in &self.calls {
            write!(f, "  {:<9}{} ", "calls", called.call)?;
            writeln!(f, "{}", shown(&whole(&called.setting), SETTING_CHARACTERS_MAX))?;
            for round in &called.reads {
                line(f, "reads", &round.join(", "))?;
            }
            if !called.is_verified {
                line(f, "finds", "that it does not show yet")?;
            }
        }
        if let Some(seconds) = self.waits_seconds {
            line(f, "waits", &format!("{seconds} s, for the bucket's stack"))?;
        }
        if let Some(writes) = self.stops_after_writes {
            line(f, "stops", &format!("after {writes} writes within an hour, which is told once"))?;
        }
        match &self.says {
            Some(told) => told.fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "says", &self.subject)?;
        let pretty = |json: &Json| format!("{json:#}");
        let text = match self.channel {
            Channel::Email => self.text.clone(),
            Channel::Sms => self.sms.clone(),
            Channel::Document => pretty(&self.document),
            Channel::Chat => pretty(&self.chat),
        };
        for text in text.lines() {
            let text = format!("           | {}", shown(text, SETTING_CHARACTERS_MAX));
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, words: &str) -> fmt::Result {
    writeln!(f, "  {label:<9}{}", shown(words, WORDS_CHARACTERS_MAX))
}

/// A setting in full, as it is written.
fn whole(setting: &Setting) -> String {
    if let Setting::Policy(Some(text)) = setting {
        return text.clone();
    }
    if let Setting::Notifications(notifications) = setting {
        return notifications.xml.clone();
    }
    let json = serde_json::to_value(setting).unwrap_or_default();
    let inner = json.as_object().and_then(|setting| setting.values().next());
    inner.map_or_else(String::new, Json::to_string)
}
