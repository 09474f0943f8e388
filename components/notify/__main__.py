from components.notify.stage import notify
from sightline.stage.command import run

if __name__ == "__main__":
    run(notify)
