from components.deploy.stage import deploy
from sightline.stage.command import run

if __name__ == "__main__":
    run(deploy)
