# Somebody's vantage6 4.x algorithm, from a folder that the user named: see ci/published-image.
# As the algorithms' own Dockerfiles do it, on the base of our images: vantage6's algorithm tools,
# `pip install` of the folder, and vantage6's wrapper as the command.
ARG BASE
FROM ${BASE}
# How this machine's pip reaches its registry. The image stays on the machine that measures.
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG TOOLS
COPY ca.crt published.txt /build/
RUN python3 -m venv /opt/v6 && if [ -s /build/ca.crt ]; then export PIP_CERT=/build/ca.crt; fi \
    && /opt/v6/bin/pip install -q --no-cache-dir -c /build/published.txt \
       vantage6-algorithm-tools==${TOOLS}
COPY algorithm /app
RUN if [ -s /build/ca.crt ]; then export PIP_CERT=/build/ca.crt; fi \
    && /opt/v6/bin/pip install -q --no-cache-dir -c /build/published.txt \
       vantage6-algorithm-tools==${TOOLS} /app
ARG PACKAGE
ENV PATH=/opt/v6/bin:/usr/local/bin:/usr/bin:/bin PKG_NAME=${PACKAGE}
CMD ["python", "-c", "from vantage6.algorithm.tools.wrap import wrap_algorithm; wrap_algorithm()"]
