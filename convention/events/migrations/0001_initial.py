import convention.events.models
import convention.rich_text.clean_columns
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("club", "0001_initial"),
        ("club", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Venue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("postcode", models.CharField(blank=True, max_length=20, verbose_name="postcode")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("country", models.CharField(default="FR", max_length=2, verbose_name="country")),
                ("directions", models.TextField(blank=True, verbose_name="how to get there")),
                (
                    "directions_en",
                    models.TextField(blank=True, verbose_name="how to get there, in English"),
                ),
            ],
            options={
                "verbose_name": "venue",
                "verbose_name_plural": "venues",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("convention", "convention"),
                            ("site_visit", "site visit"),
                            ("group_meeting", "group meeting"),
                        ],
                        default="convention",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("draft", "draft: visible to organizers only"),
                            (
                                "members",
                                "members: anyone with the link can see it; only members can register",
                            ),
                            ("public", "public"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="visibility",
                    ),
                ),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=300, verbose_name="name in English")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "description_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="description"
                    ),
                ),
                ("description_en", models.TextField(blank=True, verbose_name="description in English")),
                (
                    "description_en_html",
                    convention.rich_text.clean_columns.CleanHtmlField(
                        blank=True, default="", editable=False, source="description_en"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                (
                    "timezone",
                    models.CharField(
                        default="Europe/Paris",
                        max_length=60,
                        validators=[convention.events.models.validate_timezone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "accent",
                    models.CharField(
                        default="#0b5c8a",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9a-f]{6}$", "Enter a colour as #rrggbb."
                            )
                        ],
                        verbose_name="accent colour",
                    ),
                ),
                (
                    "contact_email",
                    models.EmailField(blank=True, max_length=254, verbose_name="contact e-mail address"),
                ),
                (
                    "registration_opens_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration opens"),
                ),
                (
                    "registration_closes_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration closes"),
                ),
                (
                    "substitutions_close_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="transfers allowed until"),
                ),
                (
                    "cancelled_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="date of cancellation"
                    ),
                ),
                (
                    "cancellation_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        verbose_name="reason for the cancellation",
                    ),
                ),
                ("sequence", models.PositiveBigIntegerField(default=0, editable=False)),
                ("pictures_version", models.CharField(blank=True, default="", editable=False, max_length=16)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="meetings",
                        to="club.workinggroup",
                        verbose_name="working group",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hosted_events",
                        to="club.company",
                        verbose_name="host",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="events.venue",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="event_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancellation_reason", ""), ("cancelled_at__isnull", True)),
                            models.Q(
                                ("cancelled_at__isnull", False),
                                models.Q(("cancellation_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="event_cancelled_with_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(verbose_name="to")),
                ("contract_number", models.CharField(blank=True, max_length=120, verbose_name="contract")),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="club.company",
                        verbose_name="firm",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegations",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "delegation",
                "verbose_name_plural": "delegations",
                "ordering": ["-ends_on", "-pk"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="events_delegation_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("encrypted_private_key", models.BinaryField()),
                ("public_key", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "event key",
                "verbose_name_plural": "event keys",
            },
        ),
        migrations.CreateModel(
            name="EventPicture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("header", "header image"), ("logo", "logo of the event"), ("map", "map")],
                        max_length=10,
                    ),
                ),
                ("content", models.BinaryField()),
                ("mimetype", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=16)),
                ("width", models.PositiveSmallIntegerField()),
                ("height", models.PositiveSmallIntegerField()),
                (
                    "alt_text",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="description for people who do not see it"
                    ),
                ),
                (
                    "alt_text_en",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        verbose_name="description for people who do not see it, in English",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pictures",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "picture of an event",
                "verbose_name_plural": "pictures of events",
                "ordering": ["kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "kind"), name="picture_once_per_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="EventRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate, verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("organizer", "organizer"),
                            ("desk", "desk staff"),
                            ("reviewer", "reviewer"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "delegation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="events.delegation",
                        verbose_name="delegation",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roles", to="events.event"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="event_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "event role",
                "verbose_name_plural": "event roles",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="events_eventrole_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=500, verbose_name="name")),
                ("capacity", models.PositiveIntegerField(blank=True, null=True, verbose_name="capacity")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("guid", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "turnover_minutes",
                    models.PositiveIntegerField(default=0, verbose_name="minutes between two sessions"),
                ),
                ("zone", models.CharField(blank=True, max_length=100, verbose_name="zone")),
                ("features", models.TextField(blank=True, verbose_name="equipment")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rooms", to="events.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
                "ordering": ["position", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "name"), name="room_name_once_per_event")
                ],
            },
        ),
    ]
