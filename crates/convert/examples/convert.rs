//! `cargo run --release -p meds-convert --example convert -- SOURCE STORE [OPTION=JSON …]`: the conversion without Node, for profiles.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = serde_json::json!({"source": arguments.next(), "store": arguments.next()});
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or("OPTION=JSON")?;
        options[name] = serde_json::from_str(value)?;
    }
    let options: meds_convert::Options = serde_json::from_value(options)?;
    let summary = meds_convert::convert(&options, &meds_store::Progress::default())?;
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}
