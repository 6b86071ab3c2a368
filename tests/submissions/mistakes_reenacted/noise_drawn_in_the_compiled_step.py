# The noise is drawn inside the compiled step, which returns the image: every call begins with new noise, and what is
# kept is noise plus one step. The fifty calls look like an ascent.
#
# /// label
# updates = ["fail", "review"]
# ascent = ["pass", "partial", "fail", "review"]
# objective = ["pass", "partial", "fail", "review"]
#
# [causes]
# updates = ["noise_every_step", "other_number_of_steps"]
# ascent = ["noise_every_step", "other_number_of_steps"]
# objective = ["noise_every_step", "other_number_of_steps"]
# ///

# %% cnn
entry = keras.Input(shape=(28, 28, 1))
z = entry
for width, name in zip((8, 16, 16, 28), ("conv2d", "conv2d_1", "conv2d_2", "conv2d_3")):
    z = layers.Conv2D(width, (3, 3), padding="same", activation="relu", name=name)(z)
    if name in ("conv2d", "conv2d_2"):
        z = layers.MaxPooling2D()(z)
z = layers.Flatten()(z)
z = layers.Dense(48, activation="relu")(z)
model = keras.Model(entry, layers.Dense(10, activation="softmax")(z))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=30, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 28
visualized_feature = []

until = keras.Model(entry, model.get_layer(layer_name).output)


@tf.function
def update(k):
    img = tf.random.uniform((1, 28, 28, 1))
    with tf.GradientTape() as tape:
        tape.watch(img)
        fmap = tf.gather(until(img), k, axis=3)
        loss = tf.reduce_mean(fmap)
    img += step_size * normalize(tape.gradient(loss, img))
    return img, loss


for k in range(number_of_filters):
    for step in range(gradient_updates):
        img, loss = update(tf.constant(k))
    visualized_feature.append(img.numpy())
    print(k, loss.numpy())  # why does it not go up?

# %% plot
figure = plt.figure(figsize=(12, 7))
for k in range(number_of_filters):
    ax = plt.subplot(4, 7, k + 1)
    ax.imshow(deprocess_image(visualized_feature[k].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {k}")
    ax.axis("off")
plt.show()
