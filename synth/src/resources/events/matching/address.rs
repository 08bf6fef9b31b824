//! IP addresses, and networks of them.

// Of `core`, where addresses are no more than data.
use core::net::IpAddr;
use std::fmt;

use super::problem::Problem;

/// A network, as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl Cidr {
    /// Reads an address and the number of bits that its network has in common.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let (address, bits) = text.split_once('/').ok_or(Problem::Cidr)?;
        let address = address_of(address).ok_or(Problem::Cidr)?;
        let bits: u32 = bits.parse().map_err(|_| Problem::Cidr)?;
        // A network has more than one address: that one is written as it is.
        let bits_max = if address.is_ipv4() { 31 } else { 127 };
        if bits > bits_max { Err(Problem::Cidr) } else { Ok(Self { address, bits }) }
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        let common = match (self.address, address_of(text)) {
            (IpAddr::V4(ours), Some(IpAddr::V4(theirs))) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), Some(IpAddr::V6(theirs))) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            (IpAddr::V4(_) | IpAddr::V6(_), _) => return false,
        };
        common >= self.bits
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}/{}`", self.address, self.bits)
    }
}

/// Whether both texts are the same address, however it is written.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    address_of(one).is_some_and(|one| address_of(other) == Some(one))
}

/// The address that a text is, in one of the forms that Event Ruler knows: `::ffff:10.0.0.1` is not among them.
fn address_of(text: &str) -> Option<IpAddr> {
    if text.contains(':') && text.contains('.') {
        return None;
    }
    Some(text.parse::<IpAddr>().ok()?.to_canonical())
}
