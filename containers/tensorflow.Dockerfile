# Base of the heavy stages: the data base with TensorFlow and Keras on top.
ARG VERSION
FROM sightline/data:${VERSION}

# TensorFlow's notes about the processor would drown the events in the log.
ENV TF_CPP_MIN_LOG_LEVEL=2

COPY containers/requirements.lock containers/install.sh containers/locked.sh containers/installer.in \
    containers/tensorflow.in /tmp/containers/
RUN /tmp/containers/install.sh tensorflow.in && rm -rf /tmp/containers \
    && python3 -m compileall -q -j 0 /opt/venv
