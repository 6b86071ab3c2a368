# One epoch that is cut short after 30 batches: about a thousand digits seen once, so that the network is
# only half way to reading them. The panels of the figure have no titles.
#
# /// label
# training = ["partial", "fail"]
# plot = "partial"
#
# [feedback_mentions]
# plot = ["title"]
#
# [causes]
# training = "few_training_steps"
# plot = "no_titles"
# ///

# %% cnn
x_in = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(x_in)
x = layers.Conv2D(16, 3, padding="same", strides=2, activation="relu", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(x)
x = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
x = layers.Dense(10, activation="softmax")(x)
model = keras.Model(x_in, x)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
# my laptop is slow, a full epoch takes forever
results = model.fit(x_train, y_train, batch_size=32, epochs=1, steps_per_epoch=30)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_extractor = keras.Model(x_in, model.get_layer(layer_name).output)


@tf.function
def update_image(image, filter_index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(feature_extractor(image)[:, :, :, filter_index])
    grads = normalize(tape.gradient(loss, image))
    image += step_size * grads
    return image, loss


for filter_index in range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1), minval=0.0, maxval=1.0)
    for update in range(gradient_updates):
        image, loss = update_image(image, tf.convert_to_tensor(filter_index))
    visualized_feature.append(image.numpy())
    print(f"{filter_index}: {float(loss):.2f}", end="  ")

# %% plot
figure, axs = plt.subplots(8, 8, figsize=(12, 12))

for ax, feature in zip(axs.flatten(), visualized_feature):
    ax.imshow(deprocess_image(feature.copy()).squeeze(), cmap="gray")
    ax.axis("off")

plt.tight_layout(pad=0.2)
plt.show()
