//! Enumerations whose variants are words of CloudFormation.

/// Declares an enumeration with the texts CloudFormation has for it. `in` names the function that makes JSON of a text,
/// where that is more than the text.
macro_rules! choices {
    ($( $(#[$doc:meta])* pub enum $name:ident $(in $wrap:ident)? { $( $(#[$case_doc:meta])* $case:ident = $text:literal, )+ } )+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$case_doc])* $case, )+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),+];

            /// CloudFormation's word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $text),+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let word = self.as_str();
                $( let word = $wrap(word); )?
                word.serialize(serializer)
            }
        }
    )+ };
}
