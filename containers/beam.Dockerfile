# Image of Apache Beam's engine, for its workers and for whoever starts them: `sightline images
# build beam`, from the root of the repository. Its packages do not go beside those of the others.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/sightline \
    PYTHONUNBUFFERED=1 \
    HOME=/home/sightline

RUN useradd --uid 1000 --create-home sightline && chmod 1777 /home/sightline

COPY containers/requirements.lock containers/install.sh containers/locked.sh containers/installer.in \
    containers/beam.lock /tmp/containers/
RUN /tmp/containers/install.sh beam.lock && rm -rf /tmp/containers \
    && python3 -m compileall -q -j 0 /opt/venv

WORKDIR /sightline
COPY sightline/ sightline/
COPY components/ components/
RUN python3 -m compileall -q .

WORKDIR /home/sightline
USER 1000
ENTRYPOINT ["python3", "-m", "sightline"]
