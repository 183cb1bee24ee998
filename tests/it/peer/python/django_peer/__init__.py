"""The application around django-scim2: what its documentation asks an application to bring."""
