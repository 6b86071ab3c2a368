# Blurs the image a little after every fifth step, but not after the last one, against the fine-grained
# patterns. 50 steps of size 1, and a smoothing in between that was not asked for: a known refinement, or a
# small deviation.
#
# /// label
# updates = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.AveragePooling2D(2),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
from scipy.ndimage import gaussian_filter

layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    for update in range(1, gradient_updates + 1):
        with tf.GradientTape() as tape:
            loss = KTF.mean(part(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

        if update % 5 == 0 and update < gradient_updates:
            soft = gaussian_filter(input_img.numpy(), sigma=(0, 0.5, 0.5, 0))
            input_img.assign(soft)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 6.5))

for i, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

figure.tight_layout()
plt.show()
