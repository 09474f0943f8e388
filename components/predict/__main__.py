from components.predict.stage import predict
from sightline.stage.command import run

if __name__ == "__main__":
    run(predict)
