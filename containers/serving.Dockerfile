# Image of the model server, without TensorFlow: `sightline images build serving`, from the root of
# the repository. It writes to /tmp alone, so the rest may be read-only.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/sightline \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp

RUN useradd --uid 1000 --no-create-home sightline

COPY containers/requirements.lock containers/install.sh containers/locked.sh containers/installer.in \
    containers/serving.lock /tmp/containers/
# Of SciPy the server multiplies sparse matrices, of Amazon's services it knows S3 and who signs in:
# the rest is 130 MB.
RUN /tmp/containers/install.sh serving.lock && rm -rf /tmp/containers \
    && cd /opt/venv/lib/python3.11/site-packages && rm -rf scipy.libs \
    && find scipy -mindepth 1 -maxdepth 1 -type d ! -name _lib ! -name sparse -exec rm -rf {} + \
    && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name 'sso*' ! -name sts \
        -exec rm -rf {} + \
    && python3 -m compileall -q -j 0 /opt/venv

WORKDIR /sightline
COPY sightline/__init__.py sightline/
COPY sightline/ground/ sightline/ground/
COPY sightline/stage/ sightline/stage/
COPY sightline/problems/ sightline/problems/
COPY sightline/serving/ sightline/serving/
RUN python3 -m compileall -q .

USER 1000
EXPOSE 8080
# It asks wherever the server was told to listen; Kubernetes asks with probes of its own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python3", "-m", "sightline.serving.container.check"]
ENTRYPOINT ["python3", "-m", "sightline.serving.container"]
