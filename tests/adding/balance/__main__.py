from components.balance.stage import balance

from sightline.stage.command import run

if __name__ == "__main__":
    run(balance)
