# Base of the light stages, and of containers/tensorflow.Dockerfile: Python, the data libraries
# and an ordinary user. Build it with `sightline images build`.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/sightline \
    PYTHONUNBUFFERED=1 \
    HOME=/home/sightline \
    MPLBACKEND=agg

# Kubeflow mounts object stores at these folders or makes folders in them, and clusters may run
# the image under any user id, which still needs a home to write to.
RUN useradd --uid 1000 --create-home sightline \
    && mkdir /gcs /s3 /minio /oci \
    && chmod 1777 /gcs /s3 /minio /oci /home/sightline

COPY containers/requirements.lock containers/install.sh containers/locked.sh containers/installer.in \
    containers/data.in /tmp/containers/
RUN /tmp/containers/install.sh data.in && rm -rf /tmp/containers \
    && python3 -m compileall -q -j 0 /opt/venv

WORKDIR /sightline
