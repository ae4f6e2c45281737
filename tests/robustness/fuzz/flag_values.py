"""Values for flags: odd ones for any, and those that a flag of this name can never take."""

ODD = (
    *("", " ", "x", "nan", "inf", "-inf", "0", "-1", "1", "2", "1.5", "1e3", "1e400", "1e-320", "0x10", "1_000", " 1 "),
    *("٣", "１", "²", "+1", "--1", "1,2", "0,0", "0:3", "3:0", "0:999", ":", "0:", "off", "OFF", "on", "None", "true"),
    *("9" * 30, "9" * 5000, "-" + "9" * 30, "é", "\u202e", "\x00", "\ud800", "a\nb", "$(x)", "a" * 3000, "0.0", "0.1"),
)
# Values that some options can take, so that odd ones come behind what is read first.
PLAIN = (
    *(
        "0",
        "1",
        "2",
        "0.5",
        "5",
        "off",
        "on",
        "0:3",
        "1:20",
        "0,1",
        "0.1",
        "1.0",
        "3@0",
        "20@1",
        "1e30",
        "1e-30",
        "1e308",
    ),
    *(
        "attn_logits",
        "attn_probs",
        "contribution",
        "saliency",
        "words",
        "Anna",
        "Bob",
        "B-PER",
        "O",
        "acl",
        "text",
        "json",
    ),
    *(
        "float32",
        "bfloat16",
        "float16",
        "cpu",
        "left",
        "right",
        "static",
        "heads",
        "attention",
        "8cm",
        "table",
        "12",
        "7",
    ),
)
WHOLE = ("0", "1", "2", "3", "6", "72", "300", "-1")
NO_NUMBER = ("x", "", "nan", "1.5", "1e3", "0x10", "--", "1,2", "٣x", "²", "None", "9" * 5000)
NO_INDEX = ("-1", "2", "99", "9" * 30, *NO_NUMBER)
NOT_POSITIVE = ("0", "-1", "-" + "9" * 30, *NO_NUMBER)
NO_CAP = ("nan", "inf", "-inf", "0", "-1", "1e400", "1e-400", "x", "", "off@", "20@", "20@9", "20@-1", "20@x", "20@0,")
NO_MODEL = (
    *("nothere", "./nothere", "../nothere", "~/nothere", "/nothere/at/all", "", " ", ".", "..", "a/b/c", "gold.conll"),
    *("http://localhost/x", "tiny ", "TINY-", "\x00", "\ud800", "a" * 3000, "google/gemma-2-2b", "a\nb", "x/" * 200),
)
NO_FILE = ("nothere.safetensors", "", ".", "no/such/x.safetensors", "gold.conll", "a" * 3000, "\x00")
NO_OUT = (
    "",
    ".",
    "..",
    "no/such/folder/x.svg",
    "x",
    "x.exe",
    "x.docx",
    "\x00.svg",
    "a" * 300 + ".svg",
    "gold.conll/x.svg",
)
# Values that an option refuses in every command that has it.
BAD: dict[str, tuple[str, ...]] = {
    "softcap": NO_CAP,
    "final_softcap": NO_CAP[:9],
    "window": ("0", "-1", "nan", "1.5", "inf", "x", "", "9" * 30, "3@9", "3@", "1e400"),
    "causal": ("", "ON", "true", "2"),
    "ablate": ("", "0", "0.", ".0", "0.2", "9.0", "-1.0", "a.b", "0.0.0", "1e1.0", "²." + "1", "9" * 5000 + ".0"),
    "dtype": ("", "x", "int8", "bool", "complex64", "torch.float32", "9", "__class__", "nn"),
    "device": ("", "x", "cuda:99", "cpu:x", "tpu", "meta", "cuda", "cpu:-1", "mps"),
    "model": NO_MODEL,
    "layer": NO_INDEX,
    "head": NO_INDEX,
    "query": ("-1", "999", *NO_NUMBER),
    "key": ("-1", "999", *NO_NUMBER),
    "rows": ("x", "", ":", "3:0", "0:999", "2:2", "-1:2", "0:3:1", "a:b", "²:3", "0:" + "9" * 5000),
    "keys": ("x", "", ":", "3:0", "0:999", "2:2", "-1:2", "0:3:1", "a:b", "²:3", "0:" + "9" * 5000),
    "heads": ("x", "", "2", "0,", "-1", "0,9", "0;1", "²", "9" * 5000),
    "stage": ("", "x", "attn", "PROBS"),
    "threshold": ("-0.1", "1.1", "nan", "inf", "x", ""),
    "position": ("999", "-99", "x", "1.5"),
    "venue": ("", "x", "ACL2", "nature"),
    "width": ("0", "-1", "nan", "inf", "1e3", "x", "3 miles", "9" * 30, "0cm", "", "1000000"),
    "dpi": ("0", "-1", "9" * 12, *NO_NUMBER),
    "columns": ("0", "-1", *NO_NUMBER),
    "tokens": ("0", "-1", "999", *NO_NUMBER),
    "padding": ("-1", *NO_NUMBER),
    "decode": ("-1", "999", *NO_NUMBER),
    "chunk": NOT_POSITIVE,
    "slots": ("0", "-1", *NO_NUMBER),
    "step": ("-1", "99", *NO_NUMBER),
    "side": ("", "x", "LEFT"),
    "cache": ("", "x", "paged"),
    "word": ("", "99", "-1", "zebra", "9" * 5000),
    "label": ("", "x", "B-XXX", "99"),
    "against": ("", "x", "B-XXX", "99"),
    "show": ("", "x", "reasons"),
    "method": ("", "x", "lime"),
    "format": ("", "x", "xml"),
    "epochs": NOT_POSITIVE,
    "batch": NOT_POSITIVE,
    "rate": ("0", "-1", "nan", "inf", "x", "", "1e400"),
    "seed": ("-1", "9" * 30, *NO_NUMBER),
    "task": ("", "x", "words"),
    "variant": ("", "x", "prefix"),
    "trace": NO_FILE,
    "dev": NO_FILE[:4],
    "port": ("x", "", "nan", "1.5", "0x10", "²"),  # what is a number is tried by `_ports`
}
# Commands whose option of that name means something else.
ELSEWHERE = {("headvis", "head"), ("mask", "window"), ("mask", "width"), ("mask", "layers"), ("mask", "columns")}
NEVER = ("help", "browser", "host")
