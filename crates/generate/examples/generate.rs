//! `cargo run --release -p meds-generate --example generate -- '{"out": …}'`: the generator without Node.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = serde_json::from_str(&std::env::args().nth(1).ok_or("OPTIONS")?)?;
    println!("{}", serde_json::to_string_pretty(&meds_generate::generate(&options, &meds_store::Progress::default())?)?);
    Ok(())
}
