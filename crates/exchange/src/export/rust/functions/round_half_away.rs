/// A position rounded to nearest, halves away from zero, and what is beyond `most` to that; what is no number to the lowest.
fn rounded(position: f32, most: f32) -> i32 {
    let near = if position > most {
        most
    } else if position > -most {
        position
    } else {
        -most
    };
    let whole = near as i32;
    let rest = near - whole as f32;
    if rest >= 0.5 {
        whole + 1
    } else if rest <= -0.5 {
        whole - 1
    } else {
        whole
    }
}
