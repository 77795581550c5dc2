//! Lets the binding find Node-API when it is loaded, and never be unloaded (threads of ours may outlive a
//! worker).

fn main() {
    napi_build::setup();
}
