# Takes the place of containers/tensorflow.Dockerfile in images for NVIDIA GPUs:
# `sightline images build --gpu train`. The machine brings the driver, the image the rest.
ARG VERSION
FROM sightline/data:${VERSION}

# No NVIDIA_VISIBLE_DEVICES: with it, a pod that asked for no GPU would take its neighbours'.
ENV TF_CPP_MIN_LOG_LEVEL=2

COPY containers/requirements.lock containers/install.sh containers/locked.sh containers/installer.in \
    containers/tensorflow-cuda.lock /tmp/containers/
RUN /tmp/containers/install.sh tensorflow-cuda.lock && rm -rf /tmp/containers \
    && python3 -m compileall -q -j 0 /opt/venv
