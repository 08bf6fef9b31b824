//! What is emitted is what is checked in under `templates/`, byte for byte. `cargo bless` writes it anew.

use expect_test::expect_file;

use crate::stacks::guard;

/// What CloudFormation takes in a call, without a bucket in between.
const TEMPLATE_BODY_BYTES_MAX: usize = 51_200;

#[test]
fn the_guards_template_is_the_one_checked_in() {
    expect_file!["../../../../templates/guard.yaml"].assert_eq(&guard().to_yaml().unwrap());
    expect_file!["../../../../templates/guard.json"].assert_eq(&guard().to_json_pretty().unwrap());
}

#[test]
fn the_guards_template_fits_into_a_call() {
    let bytes = guard().to_json().unwrap().len();
    assert!(bytes < TEMPLATE_BODY_BYTES_MAX, "{bytes} bytes");
}
