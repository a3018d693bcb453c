//! Randomness for ids and made-up values.

use crate::retry::random_bits;
use crate::signer::hex;

fn bytes() -> [u8; 16] {
    let bits = u128::from(random_bits()) << 64 | u128::from(random_bits());
    bits.to_be_bytes()
}

/// A number below a limit that is not 0.
pub(super) fn below(limit: usize) -> usize {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
    usize::try_from(random_bits() % limit).unwrap_or_default()
}

/// An id in the form of a UUID of version 4.
pub(super) fn uuid() -> String {
    let mut digits = hex(&bytes());
    digits.replace_range(12..13, "4");
    digits.replace_range(16..17, "a");
    for position in [20, 16, 12, 8] {
        digits.insert(position, '-');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn ids_have_the_form_of_a_uuid_and_differ() {
        let lengths = |id: &str| id.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(&uuid()), [8, 4, 4, 4, 12]);
        assert_ne!(uuid(), uuid());
    }
}
