//! A model in GGUF comes in, is something to go on from, and leaves for other programs: from the list of
//! models, and from the page of a run that trained an adapter on it.

use crate::hub::{gone, import};
use crate::support::command_line::{Bench, json_answer, said};
use crate::support::desktop::Desktop;
use crate::support::window::{NETWORK, RUN, SOON, Window, journey};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[tokio::test(flavor = "multi_thread")]
async fn a_gguf_file_comes_in_is_trained_on_and_leaves_for_other_programs() -> Result<()> {
    journey("window-take", walk).await
}

async fn walk(desktop: &Desktop, window: &Window) -> Result<()> {
    let bench = Bench::new();
    let original = tiny_model(&bench, 32, 60)?;
    let file = bench.path("tiny.gguf");
    export(
        &bench,
        &original,
        &["--to", "gguf", "--quantize", "f16"],
        &file,
    )?;
    ensure!(
        written(&bench, &file)? == written(&bench, &original)?,
        "from 16 bits it writes what it wrote"
    );
    // Another program has one, too.
    let theirs = desktop.home().join(".lmstudio/models/somebody/tiny-GGUF");
    fs::create_dir_all(&theirs)?;
    fs::copy(&file, theirs.join("theirs.gguf"))?;

    window.make_profile("سارا").await?;
    window.go("/models").await?;
    import(window, &file).await?;
    window.find("model-tiny", NETWORK).await?;
    refusals(&bench, window, &file).await?;
    found_elsewhere(window).await?;
    from_the_list(&bench, window, &original).await?;
    from_a_run(&bench, window).await
}

/// A model of a context of so many tokens that a worker trained for so many steps, with a tokenizer that splits as GPT-2's does:
/// GGUF has a name for that.
pub fn tiny_model(bench: &Bench, context: usize, n_steps: u64) -> Result<PathBuf> {
    let stories = crate::support::resources().join("stories.txt");
    let mut spec = bench.tiny_spec(&stories);
    spec["model"]["context_length"] = json!(context);
    spec["optimizer"]["max_steps"] = json!(n_steps);
    spec["optimizer"]["lr"] = json!(1e-2);
    let spec = bench.write("tiny.json", serde_json::to_vec(&spec)?);
    let run = bench.path("tiny-run");
    let (spec, dir) = (spec.display().to_string(), run.display().to_string());
    let trained = bench.run(&["train", &spec, "--job-dir", &dir]);
    ensure!(trained.status.success(), "{}", said(&trained));
    let model = run.join("final");
    let tokenizer = model.join("tokenizer.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&tokenizer)?)?;
    json["pre_tokenizer"] = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true
    });
    fs::write(&tokenizer, json.to_string())?;
    Ok(model)
}

pub fn export(bench: &Bench, model: &Path, form: &[&str], out: &Path) -> Result<()> {
    let (model, out) = (model.display().to_string(), out.display().to_string());
    let mut arguments = vec!["export", "--model", &model, "--out", &out];
    arguments.extend(form);
    let done = bench.run(&arguments);
    ensure!(done.status.success(), "{}", said(&done));
    Ok(())
}

/// What a model writes where it always takes the likeliest token.
fn written(bench: &Bench, model: &Path) -> Result<String> {
    let model = model.display().to_string();
    let arguments = ["generate", "--json", "--model", &model, "--prompt", "روزی"];
    let greedy = ["--temperature", "0", "--max-tokens", "24"];
    let done = bench.run(&[&arguments[..], &greedy[..]].concat());
    let answer = json_answer(&done)?;
    let text = answer["text"].as_str().with_context(|| said(&done))?;
    ensure!(!text.is_empty(), "it writes something: {}", said(&done));
    Ok(text.to_owned())
}

/// A part that reads pictures, and a file that did not come as a whole, are refused for what they are.
async fn refusals(bench: &Bench, window: &Window, file: &Path) -> Result<()> {
    let mut pictures = b"GGUF".to_vec();
    pictures.extend(3u32.to_le_bytes());
    pictures.extend(0u64.to_le_bytes());
    pictures.extend(1u64.to_le_bytes());
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    text(&mut pictures, "general.architecture");
    pictures.extend(8u32.to_le_bytes());
    text(&mut pictures, "clip");
    let pictures = bench.write("mmproj-tiny.gguf", pictures);
    let whole = fs::read(file)?;
    let cut = bench.write("cut.gguf", &whole[..whole.len() / 2]);
    for (file, words) in [(pictures, "تصویر می‌خواند"), (cut, "ناقص")] {
        import(window, &file).await?;
        window
            .see_text("[data-testid=import-dialog] [role=alert]", words)
            .await
            .with_context(|| file.display().to_string())?;
        window
            .remember(&format!(
                "import-refused-{}",
                file.file_stem().unwrap_or_default().display()
            ))
            .await?;
        window.click("dialog-cancel").await?;
        gone(window, "import-dialog").await?;
    }
    Ok(())
}

/// What another program keeps is offered, and comes under its name.
async fn found_elsewhere(window: &Window) -> Result<()> {
    window.click("models-import").await?;
    window.click("found-somebody/tiny-GGUF/theirs.gguf").await?;
    window.remember("import-found").await?;
    window.click("import-start").await?;
    gone(window, "import-dialog").await?;
    window
        .see_text(".model-row__name", "theirs")
        .await
        .context("the other program's model")
}

async fn from_the_list(bench: &Bench, window: &Window, original: &Path) -> Result<()> {
    let out = bench.path("out");
    fs::create_dir(&out)?;
    let folder = out.display().to_string();
    for (choice, name) in [
        ("export-as-ggufq8", "small"),
        ("export-as-safetensors", "folder"),
    ] {
        window.click("model-export-tiny").await?;
        window.find("export-dialog", SOON).await?;
        window.click(choice).await?;
        ensure!(
            !window.has("export-as-peft").await,
            "there is no adapter to be taken"
        );
        window.type_into("export-folder", &folder).await?;
        window.type_into("export-name", name).await?;
        window.remember(&format!("export-{name}")).await?;
        window.click("export-start").await?;
        window.find("export-done", RUN).await?;
        let told = window.text("export-done").await?;
        ensure!(told.contains(&folder), "it names the path: {told}");
        ensure!(
            told.contains("Modelfile") == (name == "small"),
            "a Modelfile lies beside a GGUF file alone: {told}"
        );
        window.remember(&format!("export-{name}-done")).await?;
        window.click("export-close").await?;
        gone(window, "export-dialog").await?;
    }
    ensure!(out.join("small.Modelfile").is_file(), "for Ollama");
    written(bench, &out.join("small.gguf"))?;
    ensure!(
        written(bench, &out.join("folder"))? == written(bench, original)?,
        "the folder writes what the model wrote that once was a folder"
    );
    let n_left = fs::read_dir(&out)?.count();
    ensure!(n_left == 3, "nothing else lies there: {n_left}");

    // The same place again: nothing is replaced.
    let before = fs::read(out.join("small.gguf"))?;
    window.click("model-export-tiny").await?;
    window.click("export-as-ggufq8").await?;
    window.type_into("export-folder", &folder).await?;
    window.type_into("export-name", "small").await?;
    window.click("export-start").await?;
    window
        .see_text(
            "[data-testid=export-dialog] [role=alert]",
            "از پیش چیزی هست",
        )
        .await?;
    ensure!(
        fs::read(out.join("small.gguf"))? == before,
        "it is as it was"
    );
    window.click("dialog-cancel").await?;
    gone(window, "export-dialog").await
}

/// An adapter is trained on the file, and leaves alone and merged.
async fn from_a_run(bench: &Bench, window: &Window) -> Result<()> {
    window.click("model-train-tiny").await?;
    window.find("run-lora", SOON).await?;
    window.settled().await?;
    ensure!(
        !window.has("run-base-missing").await,
        "the GGUF file is offered and chosen"
    );
    window.click("run-dataset-stories").await?;
    window.type_into("run-name", "کوچک").await?;
    window.type_into("run-rank", "2").await?;
    window.type_into("run-epochs", "1").await?;
    window.click("run-start").await?;
    window.status(&["completed"], RUN).await?;
    window.remember("run-with-take").await?;

    let out = bench.path("of-run");
    fs::create_dir(&out)?;
    let folder = out.display().to_string();
    for (choice, name, file) in [
        (
            "export-as-peft",
            "adapter",
            "adapter/adapter_model.safetensors",
        ),
        ("export-as-gguff16", "merged", "merged.gguf"),
    ] {
        window.click("job-take").await?;
        window.click(choice).await?;
        window.type_into("export-folder", &folder).await?;
        window.type_into("export-name", name).await?;
        window.remember(&format!("take-{name}")).await?;
        window.click("export-start").await?;
        window.find("export-done", RUN).await?;
        window.click("export-close").await?;
        gone(window, "export-dialog").await?;
        ensure!(out.join(file).is_file(), "`{file}` is there");
    }
    let settings = fs::read_to_string(out.join("adapter/adapter_config.json"))?;
    let settings: Value = serde_json::from_str(&settings)?;
    let base = settings["base_model_name_or_path"].as_str();
    ensure!(
        base.is_some_and(|base| base.contains("tiny")),
        "it stands on the model that it was trained on, not on the merged one: {settings}"
    );
    written(bench, &out.join("merged.gguf")).map(drop)
}
