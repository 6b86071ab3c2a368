# Everything right, but written as one long cell, together with the given functions.
#
# /// label
#
# [cells]
# merge = [["cnn", "train", "normalize", "ascent", "deprocess", "plot"]]
# ///

# %% cnn
# ---------------------------------- network ----------------------------------
net_in = layers.Input(shape=(28, 28, 1))
net = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d")(net_in)
net = layers.MaxPooling2D()(net)
net = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(net)
net = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(net)
net = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(net)
net = layers.MaxPooling2D()(net)
net = layers.Flatten()(net)
net_out = layers.Dense(10, activation="softmax")(net)
model = keras.Model(net_in, net_out)

# %% train
# ---------------------------------- training ---------------------------------
model.compile("adam", loss=keras.losses.categorical_crossentropy, metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
# ----------------------------------- ascent ----------------------------------
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []
truncated = keras.Model(net_in, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(truncated(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
# ----------------------------------- figure ----------------------------------
figure = plt.figure(figsize=(12, 12))
for i in range(number_of_filters):
    plt.subplot(8, 8, 1 + i)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray", vmin=0, vmax=255)
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")
plt.show()
