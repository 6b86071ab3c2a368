# Lets a package do the ascent that is not installed where it is graded (and is not what was asked). Nobody
# can tell here what it would have given.
#
# /// label
# images = "review"
# ascent = "review"
# objective = "review"
# updates = "review"
# plot = ["review", "fail"]
#
# [feedback_mentions]
# ascent = ["xplique"]
# images = ["xplique"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
from xplique.features_visualizations import Objective, optimize

layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []
for filter_index in range(number_of_filters):
    images, names = optimize(Objective.channel(model, layer_name, filter_index), nb_steps=gradient_updates)
    visualized_feature.append(images[-1])

# %% plot
figure, axes = plt.subplots(4, 6, figsize=(6, 4 * 1.2))
for i, (ax, image) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=7)
    ax.axis("off")
plt.show()
