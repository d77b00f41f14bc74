"""What AWS Lambda imports: ``api_serverless.handler.handler``.

Lambda imports this module when it starts a container, before the first event and with a full core, and bills no event
for it; so the models are loaded here, at import, as nowhere else in the repository.
"""

from api_serverless.function import Function

handler = Function()
