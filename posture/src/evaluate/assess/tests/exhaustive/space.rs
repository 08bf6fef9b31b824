//! Walks all states of a part of the judgement, and holds each against what the guard promises.
//!
//! A question that the engine does not ask is not branched over: what it does not ask it does not read, and that is checked,
//! too (`Space::end`). So the walk is over every state that the guard can ever judge, and still short.

use super::super::*;
use super::promises;
use super::values::answers;

/// What is judged.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) observed: Observed,
    pub(super) baseline: Baseline,
}

/// One input.
pub(super) enum Step {
    /// It is known already, or not yet (`None`), whether or not the aspects ask for it: for others it was read.
    Given(Question, Vec<Option<Observed>>),
    /// It is read if it is asked for.
    Asked(Question, Vec<Observed>),
}

impl Step {
    /// Each answer, if it is asked for.
    pub(super) fn asked(question: Question) -> Self {
        Self::Asked(question, answers(question))
    }

    /// Each answer, and that there is none yet.
    pub(super) fn given(question: Question) -> Self {
        Self::Given(question, answers(question).into_iter().map(Some).chain([None]).collect())
    }

    /// These answers alone.
    pub(super) fn among(self, is_one: impl Fn(&Observed) -> bool) -> Self {
        match self {
            Self::Given(question, mut all) => {
                all.retain(|answer| answer.as_ref().is_some_and(&is_one));
                Self::Given(question, all)
            }
            Self::Asked(question, mut all) => {
                all.retain(is_one);
                Self::Asked(question, all)
            }
        }
    }
}

/// A part of the judgement that is judged by itself.
pub(super) struct Space {
    name: &'static str,
    /// What is judged.
    aspects: Vec<Aspect>,
    /// What that reads.
    reads: Vec<Question>,
    states: usize,
    writes: usize,
    /// One state for each different list of findings.
    outcomes: Vec<(State, Vec<Finding>)>,
}

impl Space {
    pub(super) fn new(name: &'static str, aspects: &[Aspect]) -> Self {
        let (aspects, reads, outcomes) = (aspects.to_vec(), Vec::new(), Vec::new());
        Self { name, aspects, reads, states: 0, writes: 0, outcomes }
    }

    /// Walks all states of a bucket with these baselines.
    pub(super) fn walk(&mut self, id: &BucketId, baselines: &[Baseline], steps: &[Step]) {
        for step in steps {
            let (Step::Given(question, _) | Step::Asked(question, _)) = step;
            self.reads.push(*question);
        }
        for baseline in baselines {
            let observed = Observed::unread(id.clone());
            let asked = questions(&observed, baseline);
            self.branch(&mut State { observed, baseline: baseline.clone() }, &asked, steps);
        }
    }

    /// `asked` is what the engine asks for in this state.
    fn branch(&mut self, state: &mut State, asked: &[Question], steps: &[Step]) {
        let after = |state: &State| questions(&state.observed, &state.baseline);
        match steps.split_first() {
            None => {
                assert_eq!(asked, [], "{}: nothing answers this in {state:#?}", self.name);
                self.judge(state, true);
            }
            Some((Step::Given(question, answers), rest)) => {
                for answer in answers {
                    match answer {
                        Some(answer) => state.observed.answer(*question, answer),
                        None => state.observed.forget(*question),
                    }
                    self.branch(state, &after(state), rest);
                }
                state.observed.forget(*question);
            }
            Some((Step::Asked(question, answers), rest)) => {
                if !asked.contains(question) {
                    return self.branch(state, asked, rest);
                }
                self.judge(state, false);
                for answer in answers {
                    state.observed.answer(*question, answer);
                    self.branch(state, &after(state), rest);
                }
                state.observed.forget(*question);
            }
        }
    }

    /// Judges a state, in which everything that is asked for is known or not.
    fn judge(&mut self, state: &State, is_complete: bool) {
        self.states += 1;
        let State { observed, baseline } = state;
        let findings = assess(observed, baseline);
        for finding in &findings {
            let mode = baseline.mode(finding.aspect());
            assert_ne!(mode, Mode::Off, "{}: {finding:?} of {state:#?}", self.name);
            if let Some(kind) = finding.remediated_by() {
                assert!(mode.enforces(), "{}: {finding:?} of {state:#?}", self.name);
                let is_read = observed.setting(kind).is_some();
                assert!(is_read, "{}: {finding:?} of {state:#?}", self.name);
            }
        }
        let plan = plan(&findings);
        if !plan.actions.is_empty() {
            self.writes += 1;
            self.carry_out(state, &plan, is_complete);
        }
        if is_complete {
            match self.outcomes.iter().rposition(|(_, known)| *known == findings) {
                // The next state is likely to be like this one.
                Some(place) => {
                    let last = self.outcomes.len() - 1;
                    self.outcomes.swap(place, last);
                }
                None => self.outcomes.push((state.clone(), findings)),
            }
        }
    }

    fn carry_out(&self, state: &State, plan: &Plan, is_complete: bool) {
        let State { observed, baseline } = state;
        let mut after = observed.clone();
        for action in &plan.actions {
            after.set(&action.set);
        }
        let broken = promises::broken(state, &after);
        assert_eq!(broken, Vec::<&str>::new(), "{}: {plan:#?} for {state:#?}", self.name);
        if !is_complete {
            return;
        }
        // What is asked for only now was not there before either.
        let (truth, nothing) = (after.clone(), nothing(&after.id));
        loop {
            let asked = questions(&after, baseline);
            if asked.is_empty() {
                break;
            }
            for question in asked {
                after.answer(question, &truth);
                if questions(&after, baseline).contains(&question) {
                    after.answer(question, &nothing);
                }
            }
        }
        let again: Vec<Finding> =
            assess(&after, baseline).into_iter().filter(|f| f.remediated_by().is_some()).collect();
        assert_eq!(again, [], "{}: after {plan:#?} for {state:#?}", self.name);
    }

    /// Shows how many states there were, holds that against a floor, and proves that nothing else is read: whatever another
    /// input is, and whatever is asked of another aspect, each outcome stays as it is.
    pub(super) fn end(self, floor: usize) {
        let Self { name, aspects, reads, states, writes, outcomes } = self;
        let others: Vec<Question> =
            Question::ALL.into_iter().filter(|question| !reads.contains(question)).collect();
        let mut changes = 0;
        let mut same = |state: &State, findings: &[Finding], what: &dyn std::fmt::Debug| {
            let mut found = assess(&state.observed, &state.baseline);
            found.retain(|finding| aspects.contains(&finding.aspect()));
            assert_eq!(found, findings, "{name}: {what:?} is read in {state:#?}");
            changes += 1;
        };
        for (state, findings) in &outcomes {
            // One after the other, and all that are alike together.
            let mut all = [state.clone(), state.clone(), state.clone()];
            for question in &others {
                let answers = answers(*question);
                for answer in &answers {
                    let mut state = state.clone();
                    state.observed.answer(*question, answer);
                    same(&state, findings, question);
                }
                let picked = [answers.first(), answers.get(1), answers.last()];
                for (state, answer) in all.iter_mut().zip(picked) {
                    state.observed.answer(*question, answer.expect("there are three at least"));
                }
            }
            for state in &all {
                same(state, findings, &"all others");
            }
            for aspect in Aspect::ALL.into_iter().filter(|aspect| !aspects.contains(aspect)) {
                let mut state = state.clone();
                state.baseline.set_mode(aspect, Mode::EnforceNew);
                // The public access block waits for what the ownership's own write does, and a website keeps plain HTTP
                // where its public access stays.
                let waits = (aspect == Aspect::Ownership
                    && aspects.contains(&Aspect::PublicAccess))
                    || (aspect == Aspect::PublicAccess && aspects.contains(&Aspect::Tls));
                if !waits {
                    same(&state, findings, &aspect);
                }
            }
        }
        report(&format!(
            "{name}: {states} states, {writes} with a write, {} outcomes, {changes} changes of what is not read",
            outcomes.len()
        ));
        assert!(states >= floor, "{name}: {states} states, and there were {floor}");
        assert!(outcomes.len() > 1, "{name}");
    }
}

/// A bucket in which nothing is set.
fn nothing(id: &BucketId) -> Observed {
    Observed {
        id: id.clone(),
        encryption: Reading::Absent,
        public_access_block: Reading::Absent,
        account_block: Reading::Absent,
        policy: Reading::Absent,
        policy_is_public: Reading::Absent,
        acl: Reading::Absent,
        website: Reading::Absent,
        ownership: Reading::Absent,
        versioning: Reading::Absent,
        access_logs: Reading::Absent,
        notifications: Reading::Absent,
        tags: Reading::Absent,
        replication: Reading::Absent,
        lifecycle: Reading::Absent,
        object_lock: Reading::Absent,
        key: Reading::Absent,
        bucket_key: Reading::Absent,
        stack_in_progress: Reading::Absent,
        history: Reading::Absent,
        refused: std::collections::BTreeMap::new(),
    }
}

#[expect(clippy::print_stdout, reason = "how much was looked at is worth seeing")]
fn report(words: &str) {
    println!("{words}");
}
