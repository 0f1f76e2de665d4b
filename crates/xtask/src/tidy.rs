//! The rules of the house that a compiler does not check.
pub fn tidy() -> anyhow::Result<()> {
    Ok(())
}
