from components.ingest.stage import ingest
from sightline.stage.command import run

if __name__ == "__main__":
    run(ingest)
