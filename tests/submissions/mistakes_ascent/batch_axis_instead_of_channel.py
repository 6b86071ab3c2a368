# In a batch of 48 images, output[filter_index] picks the image but not the channel: every image climbs
# the mean of all the maps of the layer. Everything else is right.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter"]
#
# [causes]
# objective = "whole_layer"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d"),
    layers.AvgPool2D(2),
    layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"),
    layers.Conv2D(48, 3, activation="relu", padding="same", name="conv2d_3"),
    layers.AvgPool2D(2),
    layers.Flatten(),
    layers.Dropout(0.3),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 48
visualized_feature = []

until_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

# all images at the same time, this is much faster
input_img = KTF.variable(np.random.uniform(size=(number_of_filters, 28, 28, 1)))

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        output = until_layer(input_img)
        loss = 0.0
        for filter_index in range(number_of_filters):
            loss += KTF.mean(output[filter_index])
    grads = tape.gradient(loss, input_img)
    # every image with its own rms
    grads = tf.stack([normalize(g) for g in tf.unstack(grads)])
    input_img.assign_add(step_size * grads)

for filter_index in range(number_of_filters):
    visualized_feature.append(input_img[filter_index].numpy())

# %% plot
figure = plt.figure(figsize=(12, 10))
for n in range(number_of_filters):
    sub = figure.add_subplot(6, 8, n + 1)
    sub.imshow(deprocess_image(visualized_feature[n].copy()).reshape(28, 28), cmap="gray")
    sub.set_title(f"feature {n}", fontsize=8)
    sub.axis("off")
figure.tight_layout()
plt.show()
