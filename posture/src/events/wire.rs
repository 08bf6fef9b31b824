//! Times in JSON that s3guard itself writes, as RFC 3339 text.

pub(crate) mod as_time {
    use serde::{Deserialize as _, Deserializer, Serializer, de, ser};
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    pub(crate) fn serialize<S: Serializer>(
        value: &OffsetDateTime,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&value.format(&Rfc3339).map_err(ser::Error::custom)?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<OffsetDateTime, D::Error> {
        OffsetDateTime::parse(&String::deserialize(from)?, &Rfc3339).map_err(de::Error::custom)
    }
}
