"""docs/migrating.md and docs/operations.md name nothing that there is not.

migrating_test.py PATHWITNESS   the program, which must take the configurations that they show
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop()
TEXTS = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("migrating.md", "operations.md")}


def families():
    """All metrics that the exporter has, as the golden files say."""
    golden = "".join(file.read_text("utf-8") for file in (ROOT / "tests/data/golden").glob("*metrics*"))
    return set(re.findall(r"^# TYPE (\S+)", golden, re.MULTILINE))


class DocsTest(unittest.TestCase):
    def test_metrics_exist(self):
        known = families()
        self.assertGreater(len(known), 100)
        for name, text in TEXTS.items():
            for metric in re.findall(r"\bpathwitness_[a-z0-9_]+", text):
                base = re.sub(r"_(bucket|sum|count)$", "", metric)
                self.assertTrue({metric, base} & known, f"{name}: {metric}")

    def test_alerts_exist(self):
        rules = "".join(file.read_text("utf-8") for file in (ROOT / "alerts/rules").glob("*.yaml"))
        for name, text in TEXTS.items():
            for alert in re.findall(r"\bPathwitness[A-Z]\w+", text):
                self.assertIn(f"alert: {alert}\n", rules, name)

    def test_the_program_takes_the_configurations(self):
        blocks = [block for text in TEXTS.values() for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
        taken = [block for block in blocks if re.search(r"^targets:", block, re.MULTILINE)]
        self.assertGreaterEqual(len(taken), 3)
        for block in taken:
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "config.yaml"
                file.write_text(block, "utf-8")
                check = subprocess.run([PROGRAM, "--config.check", f"--config.file={file}"], capture_output=True,
                                       text=True, check=False)
                self.assertEqual(check.returncode, 0, check.stderr + block)


if __name__ == "__main__":
    unittest.main()
