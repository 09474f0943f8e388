from components.preprocess.stage import preprocess
from sightline.stage.command import run

if __name__ == "__main__":
    run(preprocess)
