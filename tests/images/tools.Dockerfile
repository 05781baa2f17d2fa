# For the comparison of sizes: an image that holds only vantage6's own algorithm tools.
ARG BASE
FROM ${BASE} AS build
ARG TOOLS
COPY ca.crt /build/ca.crt
RUN python3 -m venv /build/pip && python3 -m venv --without-pip /opt/v6 \
    && if [ -s /build/ca.crt ]; then export PIP_CERT=/build/ca.crt; fi \
    && /build/pip/bin/pip --python /opt/v6/bin/python install --quiet --no-cache-dir \
       vantage6-algorithm-tools==${TOOLS}
FROM ${BASE}
COPY --from=build /opt/v6 /opt/v6
