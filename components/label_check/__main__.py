from components.label_check.stage import label_check
from sightline.stage.command import run

if __name__ == "__main__":
    run(label_check)
