//! Numbers as readers see them.

use bitsweep_results::numbers::{count, fixed, p_value, score, significant};

#[test]
fn scores_have_four_decimals() {
    assert_eq!(score(0.927_741_935_483_871), "0.9277");
    assert_eq!(score(1.0), "1.0000");
}

#[test]
fn nothing_is_minus_zero() {
    assert_eq!(fixed(-0.000_01, 3), "0.000");
    assert_eq!(significant(-0.0, 3), "0");
}

#[test]
fn what_is_no_number_is_spelled_out() {
    for format in [score, |value| significant(value, 3), count] {
        assert_eq!(format(f64::NAN), "NaN");
        assert_eq!(format(f64::INFINITY), "∞");
        assert_eq!(format(f64::NEG_INFINITY), "-∞");
    }
}

#[test]
fn significant_digits_survive_rounding_up_to_the_next_power() {
    assert_eq!(significant(9.9996, 4), "10.00");
    assert_eq!(significant(0.000_999_96, 4), "0.001000");
    assert_eq!(significant(-1234.5, 3), "-1234");
    assert_eq!(significant(1.5e9, 3), "1.50e9");
}

#[test]
fn counts_are_grouped_by_thousands() {
    assert_eq!(count(999.0), "999");
    assert_eq!(count(6812.0), "6,812");
    assert_eq!(count(-1_234_567.0), "-1,234,567");
}

#[test]
fn small_probabilities_keep_their_meaning() {
    assert_eq!(p_value(1.0), "1.00");
    assert_eq!(p_value(0.0312), "0.031");
    assert_eq!(p_value(4e-7), "< 0.001");
}
