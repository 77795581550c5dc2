//! `cargo run --release -p meds-convert --example verify -- STORE [SOURCE]`: verification without Node.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let options = meds_convert::VerifyOptions {
        store: arguments.next().ok_or("STORE")?.into(),
        source: arguments.next().map(Into::into),
        ..Default::default()
    };
    println!("{}", serde_json::to_string_pretty(&meds_convert::verify(&options, &meds_store::Progress::default())?)?);
    Ok(())
}
