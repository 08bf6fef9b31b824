//! Ranges of IP addresses, and which of them S3 calls public.

// Only the types of addresses: nothing here uses a network.
use core::net::{IpAddr, Ipv4Addr};

/// A range of IP addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IpRange {
    address: IpAddr,
    bits: u8,
}

impl IpRange {
    /// Reads a range, `203.0.113.0/24`, or an address.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => all,
        };
        let range = (bits <= all).then_some(Self { address, bits })?;
        // An address of IPv4 that is written as one of IPv6.
        match range.address {
            IpAddr::V6(six) if bits >= 96 => Some(
                six.to_ipv4_mapped()
                    .map_or(range, |four| Self { address: IpAddr::V4(four), bits: bits - 96 }),
            ),
            IpAddr::V4(_) | IpAddr::V6(_) => Some(range),
        }
    }

    /// Whether it has every address, and so limits nothing.
    pub(super) fn is_everything(self) -> bool {
        self.bits == 0
    }

    /// Whether S3 calls a policy public that is limited to it: one broader than /8 for IPv4 and /32 for IPv6, except private
    /// ranges.
    ///
    /// Source: Amazon S3 User Guide, "The meaning of public": "This includes values broader than /8 for IPv4 and /32 for IPv6
    /// (excluding RFC1918 private ranges)".
    pub(super) fn is_public(self) -> bool {
        match self.address {
            IpAddr::V4(four) => self.bits < 8 && !is_private(four, self.bits),
            IpAddr::V6(_) => self.bits < 32,
        }
    }
}

/// Whether the range is within a private one.
///
/// Source: RFC 1918, section 3.
fn is_private(address: Ipv4Addr, bits: u8) -> bool {
    let least = match address.octets() {
        [10, ..] => 8,
        [172, 16..=31, ..] => 12,
        [192, 168, ..] => 16,
        _ => return false,
    };
    bits >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_public_as_s3_says() {
        let check = |text: &str, is_public: Option<bool>| {
            assert_eq!(IpRange::read(text).map(IpRange::is_public), is_public, "{text}");
        };
        check("0.0.0.0/0", Some(true));
        check("0.0.0.0/1", Some(true));
        check("1.0.0.0/7", Some(true));
        check("1.0.0.0/8", Some(false));
        check("203.0.113.0/24", Some(false));
        check("203.0.113.7", Some(false));
        check("10.0.0.0/8", Some(false));
        check("172.16.0.0/12", Some(false));
        check("192.168.0.0/16", Some(false));
        check("::/0", Some(true));
        check("2001::/31", Some(true));
        check("2001:db8::/32", Some(false));
        check("2001:db8::1", Some(false));
        check("::ffff:0.0.0.0/96", Some(true));
        check("::ffff:203.0.113.0/120", Some(false));
        check("203.0.113.0/33", None);
        check("203.0.113.0/-1", None);
        check("203.0.113.0/+8", None);
        check("203.0.113.0/", None);
        check("*", None);
        check("", None);
    }
}
