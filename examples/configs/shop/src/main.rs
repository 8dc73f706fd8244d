use shop as _;
fn main() {}
