//! Generates what Tauri needs at compile time: capabilities and the embedded context.
fn main() {
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
    tauri_build::try_build(attributes).expect("tauri-build could not read the configuration");
}
