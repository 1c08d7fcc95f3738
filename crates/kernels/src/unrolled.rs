//! Loops that do not remain loops.

/// The block once for each number of the list that is below the bound, as a constant: registers have no indices, so loops over
/// arrays of them must not remain loops.
macro_rules! unrolled {
    ($index:ident in [$($number:literal)*] below $bound:expr, $block:block) => {
        $(
            if $number < $bound {
                const $index: usize = $number;
                $block
            }
        )*
    };
}
