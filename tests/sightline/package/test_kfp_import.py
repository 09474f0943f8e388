import subprocess
import sys

LOADED = """
import os, sys
from sightline.package.pipelines import load_pipeline
load_pipeline("training").component()
assert "kubernetes" not in sys.modules and "_KFP_RUNTIME" not in os.environ
import kfp
assert kfp.Client is sys.modules["kfp.client"].Client
assert kfp.components and kfp.dsl
assert not hasattr(kfp, "Unknown")
"""


def test_a_pipeline_is_built_without_a_client_which_is_there_for_who_asks() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
