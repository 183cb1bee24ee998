"""Users and groups, as the package's mixins want them."""
from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    name = models.CharField(max_length=254, unique=True)

    @property
    def user_set(self):
        return self.members


class User(AbstractSCIMUserMixin, AbstractUser):
    scim_group_set = models.ManyToManyField(Group, related_name="members")

    @property
    def scim_groups(self):
        return self.scim_group_set
