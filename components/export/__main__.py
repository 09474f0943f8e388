from components.export.stage import export
from sightline.stage.command import run

if __name__ == "__main__":
    run(export)
