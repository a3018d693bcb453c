use tests::checkout::*;
#[test]
fn t() {
    for c in [Checkout::whole(), Checkout::small()] {
        let t = std::time::Instant::now();
        println!("{:?} {:?}", c.xtask(&["generate", "--check"]), t.elapsed());
    }
}
