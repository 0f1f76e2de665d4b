//! What forms call the fields that the shell's failures name.

use amoozgar_types::ErrorParams;

/// A field's name as forms call it.
pub fn field(params: &ErrorParams) -> String {
    let name = params.field.as_deref().unwrap_or_default();
    // A nested name such as `optimizer.lr` is known by its last part.
    let last = name.rsplit('.').next().unwrap_or(name);
    match last {
        "name" => "نام",
        "password" => "گذرواژه",
        "path" => "نشانی فایل",
        "dataset" | "dataset_id" | "train" => "مجموعه‌داده",
        "preset" => "اندازهٔ مدل",
        "epochs" => "دوره‌ها",
        "batch_size" => "اندازهٔ دسته",
        "micro_batch" => "ریزدسته",
        "task" => "کار مدل",
        "method" => "روش",
        "base_model" => "مدل پایه",
        "lora" | "rank" => "رتبه در LoRA",
        "alpha" => "آلفا در LoRA",
        "dropout" => "حذف تصادفی در LoRA",
        "targets" => "لایه‌های هدف",
        "warmup_steps" => "گام‌های گرم‌سازی",
        "weight_decay" => "کاهش وزن",
        "validation_fraction" => "سهم اعتبارسنجی",
        "patience" => "شکیبایی",
        "checkpoint_minutes" => "ذخیره پس از چند دقیقه",
        "checkpoint_every" => "فاصلهٔ نقطه‌های ذخیره",
        "prompts" => "پرامپت‌های نمونه",
        "lr" => "نرخ یادگیری",
        "context_length" => "طول زمینه",
        "vocab_size" => "اندازهٔ واژگان",
        "threads" => "تعداد ریسه‌ها",
        "text_scale" => "اندازهٔ نوشته",
        "prompt" => "پرامپت",
        "max_tokens" => "بیشینهٔ توکن‌ها",
        "temperature" => "دما",
        "repo" => "نام مخزن",
        "revision" => "نسخه",
        "endpoint" => "نشانی مخزن مدل‌ها",
        "proxy" => "پراکسی",
        "override" => "جانشین میزبان",
        "proxy_host" => "میزبان پراکسی",
        "proxy_port" => "درگاه پراکسی",
        "ca_file" => "فایل گواهی",
        "" => "ورودی",
        other => other,
    }
    .to_owned()
}
